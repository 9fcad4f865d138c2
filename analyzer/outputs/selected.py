"""The story of what was asked for: it says that, and how much, was left out."""

from typing import TYPE_CHECKING

from analyzer.outputs.story import story

if TYPE_CHECKING:
    from analyzer.analysis import Analysis  # which tells the story in its document

_NOTHING = "Nothing unexpected was found"
"""So the story says where there is nothing that it tells of, though there may be findings of other kinds."""


def told(analysis: "Analysis") -> list[str]:
    """As ``story``; of a selection, what it is a selection of. That nothing of it was found must not read as if nothing had happened.

    Names come from logs and from the command line: escape them for the output.
    """
    sentences = story(analysis)
    if analysis.selection is None:
        return sentences
    part = f"Only a part is told here ({analysis.selection.words()}): {len(analysis.findings)} of {analysis.found} findings."
    if not any(not f.expected for f in analysis.findings):
        return [sentences[0], part, "Nothing unexpected was found of it."]
    return [sentences[0], part, *(s for s in sentences[1:] if not s.startswith(_NOTHING))]
