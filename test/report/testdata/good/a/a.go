package a

func Covered() int { return 1 }

func Bare() int { return 2 }
