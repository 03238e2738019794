// A dialog that shows what the camera sees, and which class that is where some were taught, and takes pictures of it.

import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { addFrame } from "../state/add-pictures.ts";
import type { Verdict } from "../model/linear-head.ts";
import { closeCamera, openCamera, takePicture } from "../state/camera.ts";
import { watchCamera } from "../state/watch-camera.ts";
import { Chances } from "./chances.tsx";

/** The dialog; it is there while `isOpen` is true. */
export function CameraDialog({ isOpen }: { readonly isOpen: Signal<boolean> }): JSX.Element | null {
  return isOpen.value ? <OpenDialog onClose={() => (isOpen.value = false)} /> : null;
}

function OpenDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const problem = useSignal<string>();
  const isShowing = useSignal(false);
  const verdict = useSignal<Verdict>();

  useEffect(() => {
    let stream: MediaStream | undefined;
    let ended = false;
    dialog.current?.showModal();
    openCamera().then(
      (opened) => {
        if (ended) return closeCamera(opened);
        stream = opened;
        video.current!.srcObject = opened;
      },
      (error: unknown) => {
        problem.value = (error as Error).message;
      },
    );
    return () => {
      ended = true;
      if (stream !== undefined) closeCamera(stream);
    };
  }, [problem]);

  useEffect(() => {
    if (!isShowing.value) return;
    const end = new AbortController();
    watchCamera(video.current!, {
      signal: end.signal,
      onVerdict: (told) => (verdict.value = told),
    }).catch((error: unknown) => {
      problem.value = (error as Error).message;
    });
    return () => end.abort();
  }, [isShowing.value, problem, verdict]);

  const take = async (): Promise<void> => {
    try {
      addFrame(await takePicture(video.current!));
      dialog.current?.close();
    } catch (error) {
      problem.value = (error as Error).message;
    }
  };
  return (
    <dialog ref={dialog} class="camera" aria-labelledby="camera-title" onClose={onClose}>
      <h2 id="camera-title">Camera</h2>
      {problem.value === undefined ? (
        // A live picture without sound: there is nothing to caption.
        <video
          ref={video}
          autoPlay
          playsInline
          muted
          onPlaying={() => (isShowing.value = true)}
          aria-label="What the camera sees"
        />
      ) : (
        <p class="error" role="alert">
          {problem.value}
        </p>
      )}
      {verdict.value !== undefined && <Chances verdict={verdict.value} />}
      <div class="line">
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
        <button
          type="button"
          class="primary"
          disabled={!isShowing.value || problem.value !== undefined}
          onClick={() => void take()}
        >
          Take the picture
        </button>
      </div>
    </dialog>
  );
}
