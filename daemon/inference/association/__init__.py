"""One target across many cameras, by a best-first search over a global list of priorities.

network/     the camera graph, its files, what is learnt of it: transit times, turns, clocks
matching/    how much likelier two vectors are of one person than of two; fusion with space and time
search/      the best-first search, its tree, smoothing and fill-in; exhaustive and greedy search to compare with
folders/     data folders: reading, writing, evaluation, the simulator of worlds
result/      trajectory in words, JSON, GeoJSON, SVG
pictures/    decoding, embedders, checkpoints, training, faces, the renderer of walking figures
"""
