"""Downloads from the Hugging Face hub: what it says of a file, its bytes, the thread that receives them."""
