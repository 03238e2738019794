// The camera, from the question for permission to a frame.

import type { RgbImage } from "@internvit/preprocess";
import { captureFrame } from "@internvit/preprocess/canvas";

/**
 * Asks for the camera.
 *
 * @throws Error that says in plain words why there is none
 */
export async function openCamera(): Promise<MediaStream> {
  // Missing on pages that are not secure, whatever its type says.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) {
    throw new Error("Browsers give the camera to secure pages only (https, or localhost).");
  }
  try {
    return await devices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (cause) {
    throw new Error(reasonOf(cause), { cause });
  }
}

/** Lets go of the camera; its light goes out. */
export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** What the video shows now. */
export async function takePicture(video: HTMLVideoElement): Promise<RgbImage> {
  return await captureFrame(video, { subject: "the camera" });
}

function reasonOf(cause: unknown): string {
  const name = cause instanceof Error ? cause.name : "";
  switch (name) {
    case "NotAllowedError":
      return "The camera was not allowed. The browser's settings for this page can change that.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "This device has no camera.";
    case "NotReadableError":
      return "The camera cannot be started; another program may be using it.";
    default:
      return `The camera cannot be started: ${String(cause)}`;
  }
}
