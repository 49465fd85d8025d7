__all__ = ["exported"]
exported, hidden = 1, 2
