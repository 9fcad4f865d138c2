"""Raw lines of every era, and what they prove. See golden.py for how the files are written."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
