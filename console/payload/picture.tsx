// A picture of a payload. It is fetched, with the token where there is one, and drawn from memory; a large one only
// when asked for.
import { useEffect, useState } from 'react';
import type { ImagePart } from '../../layers/seriatim/inspection/api.ts';
import { getBlob } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import { bytesText } from '../ui/format.ts';
import { Problem } from '../ui/messages.tsx';
import { contentPath, type PayloadPlace } from './address.ts';

interface PictureProps {
  readonly part: ImagePart;
  readonly place: PayloadPlace;
  readonly title: string;
}

const UNASKED_BYTES = 1_000_000;

export function Picture({ part, place, title }: PictureProps) {
  const { bytes, width, height, claim } = part;
  const [isWanted, setWanted] = useState(bytes <= UNASKED_BYTES);
  const size = width === undefined ? '' : ` ${width} × ${height}`;
  return (
    <figure className="picture">
      {isWanted ? (
        <Drawn part={part} place={place} title={title} />
      ) : (
        <button type="button" onClick={() => setWanted(true)}>
          Fetch {bytesText(bytes)}
        </button>
      )}
      <figcaption title={claim && `s3://${claim.bucket}/${claim.key}`}>
        {title}
        {size} <span className="quiet">{bytesText(bytes)}</span>
      </figcaption>
    </figure>
  );
}

function Drawn({ part, place, title }: PictureProps) {
  const path = contentPath(place, part.path);
  const { data, error, reload } = usePolled({ key: path, read: (signal) => getBlob(path, signal) });
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (data === undefined) return;
    const made = URL.createObjectURL(data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data]);
  if (error !== undefined) return <Problem error={error} onRetry={reload} />;
  if (url === undefined) return <span className="picture-room" />;
  return <img src={url} alt={`${title}: ${part.path}${part.label === undefined ? '' : `, ${part.label}`}`} />;
}
