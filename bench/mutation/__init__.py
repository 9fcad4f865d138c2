"""Do the tests notice a change of what they test? Operators, numbers and conditions changed one at a time."""
