using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace MgcpSipBridge.Host.Api;

/// <summary>Cuts answers about many resources to what the client takes. What is in force must not look like a failure because the answer was too large to be read.</summary>
internal static class AnswerSizes
{
    private const int Least = 64 << 10;
    private const int UsualOfGrpc = 4 << 20;
    private const int UsualOfRest = 64 << 20;

    /// <summary>How many bytes the answer may have.</summary>
    public static int Of(int asked, ServerCallContext context)
    {
        if (asked == 0) return context.GetHttpContext().Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true ? UsualOfGrpc : UsualOfRest;
        return asked >= Least ? asked : throw ApiErrors.BadField("maxAnswerBytes", $"is less than {Least}");
    }

    /// <summary>Cuts what an apply changed.</summary>
    public static V1.ApplyProvisioningResponse Fit(V1.ApplyProvisioningResponse answer, int most)
    {
        answer.ChangeCount = answer.Changes.Count;
        Cut(answer.Changes, answer.CalculateSize() - most, Size);
        return answer;
    }

    /// <summary>Cuts what became of an import.</summary>
    public static V1.ImportProvisioningResponse Fit(V1.ImportProvisioningResponse answer, int most)
    {
        (answer.ChangeCount, answer.ProblemCount) = (answer.Changes.Count, answer.Problems.Count);
        if (answer.CalculateSize() > most) (answer.Yaml, answer.YamlLeftOut) = ("", true);
        // Counts that are set only now take a few bytes.
        most -= 16;
        Cut(answer.Changes, answer.CalculateSize() - most, Size);
        answer.RemarksLeftOut += Cut(answer.Remarks, answer.CalculateSize() - most, Size);
        Cut(answer.Problems, answer.CalculateSize() - most, CodedOutputStream.ComputeStringSize);
        return answer;
    }

    private static int Size(IMessage message) => CodedOutputStream.ComputeMessageSize(message);

    private static int Cut<T>(RepeatedField<T> list, int tooMany, Func<T, int> size)
    {
        var keep = list.Count;
        // A byte of each is its tag.
        for (; tooMany > 0 && keep > 0; keep--) tooMany -= 1 + size(list[keep - 1]);
        var cut = list.Count - keep;
        if (cut == 0) return 0;
        var kept = list.Take(keep).ToList();
        list.Clear();
        list.AddRange(kept);
        return cut;
    }
}
