"""Broken input by the hundred thousand: no reader, grammar or archive may raise, hang or write anywhere."""
