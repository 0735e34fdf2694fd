"""The commands of `udl-fast`, one module each: HELP, add_arguments(parser), run(arguments)."""
