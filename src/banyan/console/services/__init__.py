"""What services answer over HTTP, in the shapes that pages use, one room per service; fields not named are ignored."""
