using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// Remembers what requests with an id were answered (AIP-155), so that one that is sent again, because its answer was lost, is answered and not done again. What was
/// refused may be tried again under the same id. Kept in memory for a day, the latest ten thousand and 64 MB of answers; of the requests themselves, in which passwords may stand, a hash alone.
/// </summary>
internal sealed class RequestIds(TimeProvider time)
{
    private const int Most = 10_000;
    private const long MostBytes = 64 << 20;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);
    private readonly ConcurrentDictionary<(string Who, string Method, string Id), Answer> _answers = new();
    private readonly ConcurrentQueue<((string Who, string Method, string Id) Key, long Since, int Bytes)> _order = new();
    private long _bytes;

    /// <summary>Answers a request: by what it was answered before, or by <paramref name="act"/>.</summary>
    public async Task<TResponse> OnceAsync<TRequest, TResponse>(string who, string method, TRequest request, Func<Task<TResponse>> act)
        where TRequest : class
        where TResponse : class
    {
        if (request is not IMessage message || IdOf(message) is not { Length: > 0 } id) return await act();
        if (!Guid.TryParseExact(id, "D", out var uuid)) throw ApiErrors.BadField("requestId", "is not a UUID such as 6f1c9f0e-9f6d-4b5e-8f0a-2f3f5c1d7e42");
        // Capitals or not, it is the same (RFC 9562 §4).
        id = uuid.ToString("D");
        message.Descriptor.FindFieldByName("request_id").Accessor.SetValue(message, id);
        Forget();
        var key = (who, method, id);
        var mine = new Answer(SHA256.HashData(message.ToByteArray()));
        var first = _answers.GetOrAdd(key, mine);
        if (!ReferenceEquals(first, mine))
        {
            if (!first.RequestHash.AsSpan().SequenceEqual(mine.RequestHash)) throw ApiErrors.RequestIdReused(id);
            // The first may still be under way, and may fail: then this one fails with it.
            return (TResponse)await first.Done.Task;
        }

        try
        {
            var answer = await act();
            var bytes = (answer as IMessage)?.CalculateSize() ?? 0;
            Interlocked.Add(ref _bytes, bytes);
            _order.Enqueue((key, time.GetTimestamp(), bytes));
            mine.Done.TrySetResult(answer);
            return answer;
        }
        catch (Exception e)
        {
            _answers.TryRemove(key, out _);
            mine.Done.TrySetException(e);
            // Seen, if nobody waits for it.
            _ = mine.Done.Task.Exception;
            throw;
        }
    }

    private static string? IdOf(IMessage message) => message.Descriptor.FindFieldByName("request_id") is { FieldType: FieldType.String } field ? (string)field.Accessor.GetValue(message) : null;

    private void Forget()
    {
        while (_order.TryPeek(out var oldest) && (_order.Count > Most || Interlocked.Read(ref _bytes) > MostBytes || time.GetElapsedTime(oldest.Since) > Kept) && _order.TryDequeue(out oldest))
        {
            Interlocked.Add(ref _bytes, -oldest.Bytes);
            _answers.TryRemove(oldest.Key, out _);
        }
    }

    private sealed class Answer(byte[] requestHash)
    {
        public byte[] RequestHash { get; } = requestHash;

        public TaskCompletionSource<object> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
