"""How right the findings are: scored against captures of real incidents whose truth was polled once a second beside the logs.

    python -m bench.accuracy [CORPUS_DIR] [--input NAME] [--scenario GLOB] [--json OUT]

``truth`` reads and interprets the polls, ``inputs`` assembles what the tool gets to see, ``score`` compares, ``tables`` prints.
"""
