graph --format mermaid uses.ctstack
