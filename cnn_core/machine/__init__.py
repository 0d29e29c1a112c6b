"""What makes the layers fast: memory used again, threads, convolution by rows or by images, blocks, selection by bits."""
