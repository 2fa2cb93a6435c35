"""GETTING BETTER: data sets, augmentation, training and evaluation."""
