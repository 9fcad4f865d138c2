"""The story of what was asked for: it says that, and how much, was left out."""

from typing import TYPE_CHECKING

from analyzer.outputs.story import story

if TYPE_CHECKING:
    from analyzer.analysis import Analysis  # which tells the story in its document


def told(analysis: "Analysis") -> list[str]:
    """As ``story``; of a selection, what it is a selection of. That nothing of it was found must not read as if nothing had happened.

    Names come from logs and from the command line: escape them for the output.
    """
    sentences = story(analysis)
    if analysis.selection is None:
        return sentences
    shown = f"{len(analysis.findings)} of {analysis.found} findings"
    words = f"Only what concerns {analysis.selection.words()} is told here: {shown}."
    unexpected = any(not f.expected for f in analysis.findings)
    return [sentences[0], words, *(sentences[1:] if unexpected else ["Nothing unexpected was found of that."])]
