"""The world in which the company lives: places, networks, people, machines and employments."""
