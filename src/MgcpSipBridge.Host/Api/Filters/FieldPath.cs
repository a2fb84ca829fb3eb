using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace MgcpSipBridge.Host.Api.Filters;

/// <summary>The way to a field of a message: <c>features.callWaiting</c>, spelt as in JSON or in the proto.</summary>
internal sealed class FieldPath
{
    private readonly FieldDescriptor[] _steps;

    private FieldPath(FieldDescriptor[] steps) => _steps = steps;

    /// <summary>The field at its end.</summary>
    public FieldDescriptor Field => _steps[^1];

    /// <summary>Whether the field is a time.</summary>
    public bool IsTimestamp => Field.FieldType == FieldType.Message && !Field.IsRepeated && Field.MessageType.FullName == Timestamp.Descriptor.FullName;

    /// <summary>Whether the field is a span of time.</summary>
    public bool IsDuration => Field.FieldType == FieldType.Message && !Field.IsRepeated && Field.MessageType.FullName == Duration.Descriptor.FullName;

    /// <summary>The way that <paramref name="text"/> names in messages of a type.</summary>
    /// <exception cref="FilterException">There is no such field.</exception>
    public static FieldPath Parse(string text, MessageDescriptor type)
    {
        var steps = new List<FieldDescriptor>();
        var here = type;
        foreach (var name in text.Split('.'))
        {
            var fields = here?.Fields.InDeclarationOrder() ?? throw new FilterException($"\"{text}\": {steps[^1].JsonName} has no fields");
            var field = fields.FirstOrDefault(f => f.JsonName == name || f.Name == name)
                ?? throw new FilterException($"there is no field \"{text}\"{Configuration.Suggestion.Hint(name, [.. fields.Select(f => f.JsonName)])}");
            steps.Add(field);
            here = field.FieldType == FieldType.Message && !field.IsRepeated ? field.MessageType : null;
        }

        return new FieldPath([.. steps]);
    }

    /// <summary>The field's value; null when a message on the way, or an optional field, is not there.</summary>
    public object? Of(IMessage message)
    {
        object? here = message;
        foreach (var step in _steps)
        {
            if (here is not IMessage on || (step.HasPresence && !step.Accessor.HasValue(on))) return null;
            here = step.Accessor.GetValue(on);
        }

        return here switch
        {
            Timestamp time => time.ToDateTime(),
            Duration span => span.ToTimeSpan(),
            _ => here,
        };
    }
}

/// <summary>A filter or an order that cannot be understood; the message says why.</summary>
internal sealed class FilterException(string message) : Exception(message);
