"""The commands of `udl-fast`, one module each: add_arguments(parser, words), run(arguments).

`words` is the whole command line, for options that depend on others.
"""
