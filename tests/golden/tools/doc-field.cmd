doc container.image
