"""The detector for pictures from above, taught by animals painted on ground: no flight whose
animals are known was at hand."""
