"""FROM BYTES TO TENSORS: decoding and fitting, the same for training and use."""
