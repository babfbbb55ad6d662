module hedged.dev/hedged/bench

go 1.26
