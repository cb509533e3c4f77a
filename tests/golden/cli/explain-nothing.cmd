explain nothing-like-this
