"""What makes the layers fast: memory that is used again, threads, col2im, the lowering along the width, blocks."""
