"""What each kind of unit means and takes."""
