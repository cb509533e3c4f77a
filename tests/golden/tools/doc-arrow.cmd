doc container.mount
