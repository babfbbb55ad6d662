package adapt

import "time"

// The controller's tuning constants. docs/controller.md has a table with the reason of
// each, and what becomes of the suite's rows without it.
const (
	fastMemory  = time.Second      // time constant of the window that follows the present
	slowMemory  = 20 * time.Second // of the one that knows the tail, and of evidence
	leastMemory = 1000             // ends that time does not take from the slow window
	prior       = 10               // weight, in attempts, of what is assumed until more is seen
	enough      = 20               // ends that a median is read from, and successes that prove hedges
	sure        = 300              // ends, of which chance hardly lowers the least median

	ratioCalm  = 1.3              // median ÷ least median, up to which nothing has moved
	ratioMoved = 1.6              // from which it surely has
	ratioMost  = 2.5              // that counts, so that no move is remembered for long
	settleFor  = 5 * time.Second  // after which a median that stays is the new normal
	movedFor   = 10 * time.Second // time constant with which a move is forgotten

	helps           = 0.92             // conditional success, from which hedges succeed on their own
	doubt           = 0.3              // of the conditional success that is assumed, while the median has moved
	harms           = 0.80             // below which they share what ails first attempts
	evidencePerTick = 3                // expected successes that one tick counts for
	evidenceMost    = 100              // expected successes that are remembered
	evidenceMemory  = 10 * time.Minute // time constant of evidence while the median has moved

	slack   = 1.1              // times what late hedges cost, that early ones may cost while there is stock
	reserve = 30 * time.Second // of income, that is kept in stock for losses
	quick   = 0.75             // of answers have come when a hedge has succeeded quickly
	spree   = 9.0              // budgets, that hedges which are seen to help may spend on top, out of the stock

	price   = 15.0 // the least worth of one hedge a call
	within  = 0.5  // of the misses that the target allows, below which fewer are worth nothing
	missed  = 10.0 // deadlines that a call without an answer is taken to last
	cold    = 20   // the part of the deadline after which the first hedge comes before anything is known
	waiting = 3    // medians that an attempt is given before losing speaks against its endpoint
)
