"""How fast the report is in a browser, and how large: made-up incidents of 1,000 to 100,000 containers.

``python -m bench.report``; needs Playwright and a Chromium (CHROMIUM names it).
"""
