"""What runs the networks: PyTorch, ONNX Runtime or OpenVINO, all behind one small interface."""
