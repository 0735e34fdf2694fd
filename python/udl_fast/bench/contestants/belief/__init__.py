"""Deep belief nets: steps of the up-down algorithm, and of their layers one by one."""
