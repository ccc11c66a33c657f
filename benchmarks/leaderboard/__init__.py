"""The leaderboard that comes with the suite: rulers, scripted players, trained tiny models, a real one."""
