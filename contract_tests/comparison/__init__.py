"""What differs between two answers, which rule that falls under, and what a policy makes of it."""
