"""Where pickles of the first version look for `BernoulliRBM`."""

from .rbm.bernoulli import BernoulliRBM as BernoulliRBM
