plan --facts used/host.json used/gpu-broken.ctstack
