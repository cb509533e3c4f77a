doc container.imge
