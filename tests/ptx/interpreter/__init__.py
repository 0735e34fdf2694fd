"""The interpreter: errors and types; rooms, each of which knows those before it; devices that are made of them.

code
    Text of PTX to instructions.
memory
    Memory of a device, and of blocks: what is there, and who used it.
batch
    Blocks that run side by side: registers, sets of threads, memory as threads see it.
operations
    What an instruction does.
running
    Decoded code, which threads go on, launches.
"""
