"""The ops and patterns of ops that generated graphs are made of."""

from tests.corpus_maker.pieces.joints import JOINTS
from tests.corpus_maker.pieces.layers import LAYERS
from tests.corpus_maker.pieces.moves import MOVES
from tests.corpus_maker.pieces.piece import Array, Maker, NotApplicable, Piece, Sizes
from tests.corpus_maker.pieces.values import VALUES

PIECES: dict[str, Piece] = VALUES | LAYERS | MOVES | JOINTS

__all__ = ["PIECES", "Array", "Maker", "NotApplicable", "Piece", "Sizes"]
