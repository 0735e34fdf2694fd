"""How a model learns in its engine, whatever it learns.

`loop` goes through stages and their epochs; `stages` says who learns in one, `presentation` from which rows in
which order, and `schedules` at which rate. `passes` has a pass in the engines, and `transaction` sees to it that a
call which is interrupted leaves the old model or a new one.
"""
