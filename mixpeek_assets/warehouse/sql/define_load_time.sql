-- When a vector is loaded: later than what an index covers, even if the clock was set back, so that
-- no search takes the vector for one that the index has.
CREATE OR REPLACE MACRO mixpeek_internal.load_time() AS
greatest(now(), (SELECT max(covered_until) + INTERVAL 1 MICROSECOND FROM mixpeek_internal.vector_indexes));
