// A photo to send: chosen, or dropped onto the page, and shown before it is sent.
import { useEffect, useId, useState } from 'react';
import { bytesText } from '../ui/format.ts';

interface PhotoProps {
  readonly file: File | undefined;
  readonly contentTypes: readonly string[];
  readonly onFile: (file: File | undefined) => void;
}

export function PhotoField({ file, contentTypes, onFile }: PhotoProps) {
  const id = useId();
  const url = useFileUrl(file);
  return (
    <div className="drop">
      <label htmlFor={id}>Photo: choose one, or drop it anywhere on this page</label>
      <input
        id={id}
        type="file"
        accept={contentTypes.join(',')}
        onChange={(event) => onFile(event.target.files?.[0])}
      />
      {file !== undefined && url !== undefined && (
        <figure className="picture">
          <img src={url} alt={`To be sent: ${file.name}`} />
          <figcaption>
            {file.name} <span className="quiet">{bytesText(file.size)}</span>
          </figcaption>
        </figure>
      )}
    </div>
  );
}

export function useFileUrl(file: File | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (file === undefined) return setUrl(undefined);
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}
