plan --facts used/host.json used/gpu.ctstack
