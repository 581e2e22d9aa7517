// From an image URI to how it is started on this machine.
import type { ImageLauncher, ImageTable } from '../api.ts';

/** @throws Error that names the image and lists the table */
export function findLauncher(images: ImageTable, image: string): ImageLauncher {
  const repository = repositoryOf(image);
  const launcher = images[repository] ?? images[repository.split('/').at(-1)!];
  if (launcher !== undefined) return launcher;
  const known = Object.keys(images).sort().join(', ') || 'none';
  throw new Error(
    `The image "${image}" cannot be started on this machine: its repository "${repository}" is not in the image table. Images in the table: ${known}.`,
  );
}

/** `<account>.dkr.ecr.<region>.amazonaws.com/team/name:tag` → `team/name` */
export function repositoryOf(image: string): string {
  const withoutDigest = image.split('@', 1)[0]!;
  const parts = withoutDigest.split('/');
  const hasRegistry = parts.length > 1 && /[.:]|^localhost$/.test(parts[0]!);
  return (hasRegistry ? parts.slice(1) : parts).join('/').replace(/:[^/:]*$/, '');
}
