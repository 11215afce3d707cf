"""The servers that the tests of one pytest run share, over all its processes."""
