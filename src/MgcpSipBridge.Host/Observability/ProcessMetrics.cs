using System.Diagnostics;
using Prometheus;

namespace MgcpSipBridge.Host.Observability;

/// <summary>
/// The process and its runtime, read before each scrape: what every dashboard knows under the names that all programs use (process_…), and what stops a bridge of this
/// kind: pauses of the collector, and work that waits for a thread.
/// </summary>
internal sealed class ProcessMetrics
{
    private readonly Counter _processor;
    private readonly Gauge _resident;
    private readonly Gauge _files;
    private readonly Counter.Child[] _collections;
    private readonly Counter _pauses;
    private readonly Counter _allocated;
    private readonly Counter _compiled;
    private readonly Gauge _heap;
    private readonly Gauge _threads;
    private readonly Gauge _queue;

    public ProcessMetrics(IMetricFactory metrics, CollectorRegistry registry)
    {
        _processor = metrics.CreateCounter("process_cpu_seconds_total", "Processor time that the process has used.");
        _resident = metrics.CreateGauge("process_resident_memory_bytes", "Memory of the process that is in RAM.");
        _files = metrics.CreateGauge("process_open_fds", "Open files and sockets.");
        var started = metrics.CreateGauge("process_start_time_seconds", "When the process started, in seconds since 1970.");
        var collections = metrics.CreateCounter("mgcpsipbridge_gc_collections_total", "Garbage collections by generation.", ["generation"]);
        _collections = [.. Enumerable.Range(0, 3).Select(g => collections.WithLabels(g.ToString(System.Globalization.CultureInfo.InvariantCulture)))];
        _pauses = metrics.CreateCounter("mgcpsipbridge_gc_pause_seconds_total", "Time for which garbage collections have stopped everything.");
        _allocated = metrics.CreateCounter("mgcpsipbridge_gc_allocated_bytes_total", "Bytes allocated on the managed heap.");
        _compiled = metrics.CreateCounter("mgcpsipbridge_jit_seconds_total", "Time that the runtime has spent on compiling code: in the first minutes what runs often is compiled again.");
        _heap = metrics.CreateGauge("mgcpsipbridge_heap_bytes", "Managed heap after the last garbage collection.");
        _threads = metrics.CreateGauge("mgcpsipbridge_threadpool_threads", "Threads of the pool.");
        _queue = metrics.CreateGauge("mgcpsipbridge_threadpool_queue_length", "Work that waits for a thread of the pool.");
        using (var process = Process.GetCurrentProcess()) started.Set(new DateTimeOffset(process.StartTime).ToUnixTimeSeconds());
        registry.AddBeforeCollectCallback(Read);
    }

    private void Read()
    {
        using var process = Process.GetCurrentProcess();
        _processor.IncTo(process.TotalProcessorTime.TotalSeconds);
        _resident.Set(process.WorkingSet64);
        _files.Set(OpenFiles());
        for (var g = 0; g < _collections.Length; g++) _collections[g].IncTo(GC.CollectionCount(g));
        _pauses.IncTo(GC.GetTotalPauseDuration().TotalSeconds);
        _allocated.IncTo(GC.GetTotalAllocatedBytes());
        _compiled.IncTo(System.Runtime.JitInfo.GetCompilationTime().TotalSeconds);
        _heap.Set(GC.GetGCMemoryInfo().HeapSizeBytes);
        _threads.Set(ThreadPool.ThreadCount);
        _queue.Set(ThreadPool.PendingWorkItemCount);
    }

    private static int OpenFiles()
    {
        try
        {
            return Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
