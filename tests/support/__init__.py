"""What several tests share: codes, contestants, engines and models of known content."""
