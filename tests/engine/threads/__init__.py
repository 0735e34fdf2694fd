"""Teams of threads and what interrupts them."""
