import time
from benchmarks.gpt_compiled import *
from benchmarks import w4_microgpt as w
import cProfile,pstats
t=time.perf_counter(); T=Trainer(); d=document(w.DOCUMENT); v,g=T.gradient(*d); print('first',time.perf_counter()-t)
rv,rg=w.reference(); print(v-rv, abs(g[w.CHECKED]-rg).max())
print(str(T.cost.program)[:100])
def med(f,n=200):
    ts=[]
    for _ in range(n):
        t=time.perf_counter(); f(); ts.append(time.perf_counter()-t)
    return sorted(ts)[n//2]*1e6
print('value_and_grad',med(lambda: T.cost.value_and_grad(*d)),'step',med(lambda: T.step(*d)))
pr=cProfile.Profile(); pr.enable()
for _ in range(500): T.step(*d)
pr.disable(); pstats.Stats(pr).sort_stats(1).print_stats(12)
