"""Models from and to other libraries: `libraries` has the ways there and back, `state_dict_parts` what others call
the parts of a model, `onnx_graph` its encoder."""
