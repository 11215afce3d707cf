"""Who is told, what a notice is, when an email is still worth sending. Pure: no IO, no clock."""
